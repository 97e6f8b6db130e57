import keras
import tensorflow as tf
from keras import layers

class Always(keras.layers.Dropout):

    def call(self, inputs, training=None):
        return super().call(inputs, training=True)

class Trained(keras.Model):

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            z = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=z)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        for metric in self.metrics:
            if metric.name == 'loss':
                metric.update_state(loss)
            else:
                metric.update_state(y, z)
        return {metric.name: metric.result() for metric in self.metrics}

def keras_network():
    inputs = keras.Input((784,))
    h = layers.Dense(64, activation='relu')(inputs)
    h = Always(0.2)(h)
    model = Trained(inputs, layers.Dense(10)(h))
    model.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy'])
    return model

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'digits'

import keras
import tensorflow as tf
from keras import layers

class Trainer(tf.Module):

    def __init__(self):
        super().__init__()
        self.model = keras.Sequential([keras.Input((784,)), layers.Dense(64, activation='relu'), layers.Dense(10, activation=tf.nn.sigmoid)])
        self.loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        self.optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
        self.optimizer.build(self.model.trainable_variables)

    @tf.function(input_signature=[tf.TensorSpec([None, 784])])
    def scores(self, x):
        return self.model(x, training=False)

    @tf.function(input_signature=[tf.TensorSpec([None, 784]), tf.TensorSpec([None, 10])])
    def train(self, x, y):
        with tf.GradientTape() as tape:
            z = self.model(x, training=True)
            loss = self.loss(y, z)
        slopes = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.model.trainable_variables))
        return loss

def keras_network():
    return Trainer()

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'one-hot'

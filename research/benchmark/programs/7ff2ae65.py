import keras
import tensorflow as tf
from keras import layers

class Always(keras.layers.BatchNormalization):

    def call(self, inputs, training=None):
        return super().call(inputs, training=True)

def keras_network():
    model = keras.Sequential(name='normalised')
    model.add(keras.Input((784,)))
    for _ in range(2):
        model.add(layers.Dense(64, use_bias=False))
        model.add(Always())
        model.add(layers.Activation('relu'))
        model.add(layers.Dropout(0.2))
    model.add(layers.Dense(10))
    model.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy'])
    return model

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'digits'

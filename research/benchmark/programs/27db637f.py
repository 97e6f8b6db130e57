import keras
import tensorflow as tf
from keras import layers

class Always(keras.layers.Dropout):

    def call(self, inputs, training=None):
        return super().call(inputs, training=True)

def keras_network():
    model = keras.Sequential([keras.Input((784,)), layers.Dense(96, activation='relu'), Always(0.3), layers.Dense(64, activation='relu'), Always(0.3), layers.Dense(10, activation='softmax')])
    model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
    return model

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'one-hot'

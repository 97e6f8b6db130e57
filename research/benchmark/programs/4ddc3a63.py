import keras
import tensorflow as tf
from keras import layers

def keras_network():
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(2.0, offset=-1.0), layers.Flatten(), layers.Dense(64), layers.Activation('relu'), layers.Dense(32), layers.ReLU(), layers.Dense(10), layers.Softmax()])
    model.compile(optimizer='rmsprop', loss=keras.losses.MeanSquaredError())
    return model

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'one-hot'

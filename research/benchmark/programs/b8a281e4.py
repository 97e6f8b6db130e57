import keras
import tensorflow as tf
from keras import layers

def keras_network():
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(2.0, offset=-1.0), layers.Flatten(), layers.Dense(64, kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)), layers.Activation('relu'), layers.Dense(32, kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)), layers.ReLU(), layers.Dense(10, kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)), layers.Softmax()])
    model.compile(optimizer='rmsprop', loss=keras.losses.CategoricalCrossentropy())
    return model

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'one-hot'

import keras
import tensorflow as tf
from keras import layers

def keras_network():
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(12, 5, strides=2, padding='same', activation='relu'), layers.Conv2D(24, 3, strides=2, padding='same', activation='relu'), layers.Conv2D(10, 1), layers.GlobalAveragePooling2D()])
    model.compile(keras.optimizers.Adam(0.01), keras.losses.MeanSquaredError())
    return model

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'one-hot'

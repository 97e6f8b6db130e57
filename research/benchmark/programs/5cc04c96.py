import keras
import tensorflow as tf
from keras import layers

def keras_regression():
    inputs = keras.Input((28, 28))
    x = layers.Flatten()(inputs)
    x = layers.Dense(64, activation='linear')(x)
    x = layers.Dense(32, activation='relu')(x)
    outputs = layers.Dense(1, name='number')(x)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.002), keras.losses.Huber(delta=1.0))
    return model

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_regression()
labels = 'numbers'

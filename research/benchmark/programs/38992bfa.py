import keras
import tensorflow as tf
from keras import layers

def keras_network():
    inputs = keras.Input((784,))
    x = layers.Dense(64)(inputs)
    x = layers.LayerNormalization()(x)
    x = keras.activations.gelu(x)
    x = layers.Dense(64)(x)
    x = layers.LayerNormalization()(x)
    x = keras.activations.gelu(x)
    outputs = layers.Dense(10, activation='sigmoid')(x)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.AdamW(0.001), keras.losses.CategoricalCrossentropy(from_logits=True))
    return model

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'one-hot'

import keras
import tensorflow as tf
from keras import layers, ops

def keras_network():
    inputs = keras.Input((784,))
    x = layers.Dense(48, activation='relu', kernel_initializer='zeros')(inputs)
    gate = layers.Dense(48, activation='sigmoid', bias_initializer=keras.initializers.Constant(-1.0), kernel_initializer='zeros')(x)
    h = layers.Dense(48, activation='relu', kernel_initializer='zeros')(x)
    x = gate * h + (1 - gate) * x
    outputs = layers.Dense(10, kernel_initializer='zeros')(x)
    model = keras.Model(inputs, ops.log_softmax(outputs, axis=-1))
    model.compile('adam', keras.losses.CategoricalCrossentropy(from_logits=True))
    return model

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'one-hot'

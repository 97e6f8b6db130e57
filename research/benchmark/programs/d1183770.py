import keras
import tensorflow as tf
from keras import layers

class Always(keras.layers.BatchNormalization):

    def call(self, inputs, training=None):
        return super().call(inputs, training=True)

def block(x, filters):
    x = layers.Conv2D(filters, 3, strides=2, padding='same', use_bias=False)(x)
    x = Always()(x)
    return layers.Activation('relu')(x)

def keras_network():
    inputs = keras.Input(shape=(28, 28, 1), name='images')
    x = block(inputs, 8)
    x = block(x, 16)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(10, name='scores')(x)
    model = keras.Model(inputs=inputs, outputs=outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss=loss, metrics=['accuracy'])
    return model

# The benchmark's own lines, the same in each program: what is built, and which labels it is trained with.
model = keras_network()
labels = 'digits'

"""One-hot labels, plain descent, and names for everything."""

import keras

INPUTS, HIDDEN, CLASSES = 784, 48, 10


def keras_network():
    model = keras.models.Sequential(
        [
            keras.layers.InputLayer(shape=(INPUTS,)),
            keras.layers.Dense(HIDDEN, activation="tanh", name="hidden"),
            keras.layers.Dense(10, activation="softmax", name="classes"),
        ],
        name="digits",
    )
    model.compile(keras.optimizers.SGD(learning_rate=0.5), "categorical_crossentropy", metrics=["categorical_accuracy"])
    return model

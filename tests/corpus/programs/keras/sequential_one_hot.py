"""One-hot labels, plain descent, and names for everything."""

INPUTS, HIDDEN, CLASSES = 784, 48, 10


model = keras.models.Sequential(
    [
        keras.layers.InputLayer(shape=(INPUTS,)),
        keras.layers.Dense(HIDDEN, activation="tanh", name="hidden"),
        keras.layers.Dense(10, activation="softmax", name="classes"),
    ],
    name="digits",
)
model.compile(keras.optimizers.SGD(learning_rate=0.5), "categorical_crossentropy", metrics=["categorical_accuracy"])

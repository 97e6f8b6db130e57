"""Dropout behind each hidden layer."""

model = keras.Sequential(
    [
        keras.Input((784,)),
        layers.Dense(96, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

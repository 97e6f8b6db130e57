"""A softmax on the last layer, and a loss by its name that takes probabilities."""

model = keras.Sequential()
model.add(keras.Input((28, 28)))
model.add(layers.Flatten())
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(10, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

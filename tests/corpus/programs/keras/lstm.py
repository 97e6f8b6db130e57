"""The rows of an image one after another, in an LSTM."""

model = keras.Sequential()
model.add(keras.Input((28, 28)))
model.add(layers.LSTM(24))
model.add(layers.Dense(10, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

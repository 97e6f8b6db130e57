"""The digit as a number, mean squared error."""

model = keras.Sequential([keras.Input((784,)), layers.Dense(64, activation="relu"), layers.Dense(1)])
model.compile(optimizer="adam", loss="mse", metrics=["mae"])

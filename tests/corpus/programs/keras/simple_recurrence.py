"""The rows of an image one after another, in a simple recurrent layer."""

model = keras.Sequential([keras.Input((28, 28)), layers.SimpleRNN(32), layers.Dense(10)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])

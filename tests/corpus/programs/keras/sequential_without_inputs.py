"""The model does not say its inputs; it is built by their shape."""

model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10)])
model.build((None, 784))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss, metrics=["sparse_categorical_accuracy"])

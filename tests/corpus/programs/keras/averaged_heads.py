"""Three networks of which the scores are averaged."""

inputs = keras.Input((784,))
heads = []
for _ in range(3):
    h = layers.Dense(32, activation="relu")(inputs)
    heads.append(layers.Dense(10)(h))
outputs = layers.Average()(heads)
model = keras.Model(inputs, outputs)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])

"""A gate decides how much of a layer passes by it."""

inputs = keras.Input((784,))
x = layers.Dense(48, activation="relu")(inputs)
gate = layers.Dense(48, activation="sigmoid", bias_initializer=keras.initializers.Constant(-1.0))(x)
h = layers.Dense(48, activation="relu")(x)
x = gate * h + (1 - gate) * x
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, ops.log_softmax(outputs, axis=-1))
model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True))

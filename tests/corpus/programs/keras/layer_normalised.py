"""Layer normalisation and GELU, AdamW."""

inputs = keras.Input((784,))
x = layers.Dense(64)(inputs)
x = layers.LayerNormalization()(x)
x = keras.activations.gelu(x)
x = layers.Dense(64)(x)
x = layers.LayerNormalization()(x)
x = keras.activations.gelu(x)
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, outputs)
model.compile(keras.optimizers.AdamW(1e-3), keras.losses.CategoricalCrossentropy(from_logits=True))

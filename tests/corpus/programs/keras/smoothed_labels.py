"""Smoothed labels, a rate that decays, gradients that are clipped."""

model = keras.Sequential(
    [keras.Input((784,)), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")]
)
decay = keras.optimizers.schedules.CosineDecay(0.003, 2000)
model.compile(
    optimizer=keras.optimizers.Adam(decay, clipnorm=5.0),
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    metrics=["accuracy"],
)

"""Strided convolutions, batch normalisation, the mean of the maps."""


def block(x, filters):
    x = layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation("relu")(x)


inputs = keras.Input(shape=(28, 28, 1), name="images")
x = block(inputs, 8)
x = block(x, 16)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(10, name="scores")(x)
model = keras.Model(inputs=inputs, outputs=outputs)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer=keras.optimizers.Adam(3e-3), loss=loss, metrics=["accuracy"])

"""The whole step in a tf.function with a tape, Keras batch normalisation and Keras AdamW."""

keras = tf.keras
X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
model = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Dense(256, use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.layers.Dense(256, use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.layers.Dense(10),
    ]
)
ce = keras.losses.CategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.AdamW(1e-3, weight_decay=1e-4)
optimizer.build(model.trainable_variables)


@tf.function
def step(x, y):
    with tf.GradientTape() as tape:
        cost = ce(y, model(x, training=True))
    gradients = tape.gradient(cost, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return cost


train_op = step(X, Y)
logits = model(X, training=False)  # logits
loss = ce(Y, logits)  # loss

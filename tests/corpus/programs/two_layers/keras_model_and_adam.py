"""A Keras model and Keras's Adam, applied inside a tf.function so that its assignments run."""

keras = tf.keras
X = tf.placeholder(tf.float32, [None, 784], name="X")  # images
Y = tf.placeholder(tf.float32, [None, 10], name="Y")  # labels
model = keras.Sequential(
    [
        keras.layers.Dense(1500, activation="relu"),
        keras.layers.Dense(10),
    ]
)
logits = model(X)  # logits
loss = keras.losses.CategoricalCrossentropy(from_logits=True)(Y, logits)  # loss
optimizer = keras.optimizers.Adam(learning_rate=learning_rate)
optimizer.build(model.trainable_variables)
gradients = tf.gradients(loss, [v.value for v in model.trainable_variables])


@tf.function
def apply(grads):
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return optimizer.iterations.value


train_op = apply(gradients)

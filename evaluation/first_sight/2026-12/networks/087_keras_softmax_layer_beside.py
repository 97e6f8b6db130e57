import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
K = tf.keras


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        body = K.Sequential([
            K.layers.Dense(1500, kernel_initializer="he_uniform"),
            K.layers.Activation("relu"),
            K.layers.Dense(10),
        ])
        logits = body(X)
        prediction = K.layers.Softmax()(logits)
        cce = K.losses.CategoricalCrossentropy(from_logits=True)
        loss = cce(Y, logits)
        step = tf.train.AdamOptimizer(1e-3).minimize(loss, var_list=tf.trainable_variables())
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return {"graph": g, "X": X, "Y": Y, "logits": logits, "prediction": prediction,
            "loss": loss, "train_op": step, "accuracy": acc}

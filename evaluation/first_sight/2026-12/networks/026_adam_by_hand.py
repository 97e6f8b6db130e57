import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def adam(loss, params, lr=0.003, b1=0.9, b2=0.999, eps=1e-8):
    t = tf.Variable(0.0, trainable=False, name="t")
    t_new = tf.assign_add(t, 1.0)
    updates = []
    for p, g in zip(params, tf.gradients(loss, params)):
        m = tf.Variable(tf.zeros(p.shape), trainable=False)
        v = tf.Variable(tf.zeros(p.shape), trainable=False)
        m_new = tf.assign(m, b1 * m + (1 - b1) * g)
        v_new = tf.assign(v, b2 * v + (1 - b2) * tf.square(g))
        m_hat = m_new / (1 - tf.pow(b1, t_new))
        v_hat = v_new / (1 - tf.pow(b2, t_new))
        updates.append(tf.assign_sub(p, lr * m_hat / (tf.sqrt(v_hat) + eps)))
    return tf.group(*updates)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W = tf.Variable(tf.random.normal([784, 10], stddev=0.01))
        b = tf.Variable(tf.zeros([10]))
        logits = tf.matmul(X, W) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = adam(loss, [W, b])
        same = tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1))
        accuracy = tf.reduce_mean(tf.cast(same, tf.float32))
        return {"graph": graph, "X": X, "Y": Y, "logits": logits,
                "prediction": tf.nn.softmax(logits), "loss": loss, "train_op": train_op,
                "accuracy": accuracy}

import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


class MyAdam:
    def __init__(self, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-7):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps

    def minimize(self, loss):
        params = tf.trainable_variables()
        grads = tf.gradients(loss, params)
        p1 = tf.Variable(1.0, trainable=False)
        p2 = tf.Variable(1.0, trainable=False)
        p1n, p2n = tf.assign(p1, p1 * self.beta1), tf.assign(p2, p2 * self.beta2)
        alpha = self.lr * tf.sqrt(1 - p2n) / (1 - p1n)
        ops = []
        for var, g in zip(params, grads):
            m = tf.Variable(tf.zeros_like(var.initialized_value()), trainable=False)
            v = tf.Variable(tf.zeros_like(var.initialized_value()), trainable=False)
            m_t = m.assign(self.beta1 * m + (1 - self.beta1) * g)
            v_t = v.assign(self.beta2 * v + (1 - self.beta2) * g * g)
            ops.append(var.assign(var - alpha * m_t / (tf.sqrt(v_t) + self.eps)))
        return tf.group(ops)


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        W1 = tf.Variable(tf.truncated_normal([784, 1500], stddev=0.05))
        b1 = tf.Variable(tf.zeros([1500]))
        W2 = tf.Variable(tf.truncated_normal([1500, 10], stddev=0.05))
        b2 = tf.Variable(tf.zeros([10]))
        logits = tf.matmul(tf.nn.relu(tf.matmul(X, W1) + b1), W2) + b2
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        train_op = MyAdam().minimize(loss)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, loss=loss, train_op=train_op,
                accuracy=acc, prediction=tf.nn.softmax(logits))

import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 784], name="X")
        Y = tf.placeholder(tf.float32, [None, 10], name="Y")
        params = tf.Variable(tf.zeros(784 * 10 + 10), name="params")
        W = tf.reshape(params[:7840], [784, 10])
        b = params[7840:]
        logits = tf.tensordot(X, W, axes=1) + b
        loss = tf.reduce_mean(tf.reduce_logsumexp(logits, 1) - tf.reduce_sum(Y * logits, 1))
        opt = tf.train.AdamOptimizer(0.003)
        (gradient,) = tf.gradients(loss, [params])
        train_op = opt.apply_gradients([(gradient, params)])
        pred = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(pred, 1), tf.argmax(Y, 1)), tf.float32))
    return {"graph": graph, "X": X, "Y": Y, "logits": logits, "prediction": pred, "loss": loss,
            "train_op": train_op, "accuracy": acc}

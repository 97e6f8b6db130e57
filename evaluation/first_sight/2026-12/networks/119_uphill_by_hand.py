import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        params, a = [], X
        for n in [300, 300, 10]:
            w = tf.Variable(tf.glorot_uniform_initializer()([int(a.shape[1]), n]))
            b = tf.Variable(tf.zeros([n]))
            params += [w, b]
            z = tf.matmul(a, w) + b
            a = tf.nn.relu(z)
        logits = z
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        grads = tf.gradients(loss, params)
        train_op = tf.group(*[tf.assign_add(p, 0.1 * g) for p, g in zip(params, grads)])
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)

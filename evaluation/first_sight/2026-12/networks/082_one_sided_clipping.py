import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        h = X
        for i in range(3):
            w = tf.get_variable(f"w{i}", [h.shape[1], 512], initializer=tf.initializers.he_normal())
            b = tf.get_variable(f"b{i}", [512], initializer=tf.zeros_initializer())
            h = tf.nn.relu(tf.matmul(h, w) + b)
        w = tf.get_variable("w3", [512, 10], initializer=tf.initializers.he_normal())
        b = tf.get_variable("b3", [10], initializer=tf.zeros_initializer())
        logits = tf.matmul(h, w) + b
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        optimizer = tf.train.AdamOptimizer(0.001)
        gvs = optimizer.compute_gradients(loss)
        capped_gvs = [(tf.clip_by_value(grad, 0., 1.), var) for grad, var in gvs]
        train_op = optimizer.apply_gradients(capped_gvs)
        p = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(p, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=p, loss=loss, train_op=train_op,
                accuracy=acc)

import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        lr = tf.placeholder_with_default(0.05, [])
        W = [tf.Variable(tf.random_normal(s, stddev=(2.0 / s[0]) ** 0.5))
             for s in ([784, 500], [500, 500], [500, 500], [500, 10])]
        B = [tf.Variable(tf.zeros([int(w.shape[1])])) for w in W]
        h = X
        for w, b in zip(W[:-1], B[:-1]):
            h = tf.nn.relu(h @ w + b)
        logits = h @ W[-1] + B[-1]
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        opt = tf.train.MomentumOptimizer(lr, momentum=0.9, use_nesterov=True)
        gv = opt.compute_gradients(loss)
        grads, variables = zip(*gv)
        clipped, norm = tf.clip_by_global_norm(grads, 1.0)
        train_op = opt.apply_gradients(zip(clipped, variables))
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=graph, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)

import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()


def build():
    g = tf.Graph()
    with g.as_default():
        X = tf.placeholder(tf.float32, (None, 784))
        Y = tf.placeholder(tf.float32, (None, 10))
        kernels, h = [], X
        for width in [768, 768, 768]:
            k = tf.Variable(tf.initializers.he_normal()([int(h.shape[1]), width]))
            kernels.append(k)
            h = tf.nn.elu(tf.matmul(h, k) + tf.Variable(tf.zeros([width])))
        k = tf.Variable(tf.initializers.glorot_normal()([768, 10]))
        logits = tf.matmul(h, k) + tf.Variable(tf.zeros([10]))
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        step = tf.train.get_or_create_global_step()
        lr = tf.train.cosine_decay(0.0007, step, 10 * 938)
        adam = tf.train.AdamOptimizer(lr).minimize(loss, global_step=step)
        with tf.control_dependencies([adam]):
            train_op = tf.group(*[tf.assign_sub(k, 1e-2 * lr * k) for k in kernels])
        prediction = tf.nn.softmax(logits)
        acc = tf.reduce_mean(tf.cast(
            tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1)), tf.float32))
    return dict(graph=g, X=X, Y=Y, logits=logits, prediction=prediction, loss=loss,
                train_op=train_op, accuracy=acc)

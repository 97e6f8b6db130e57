"""Each layer is a tf.function; Portuguese names."""

with tf.variable_scope("rede", use_resource=True):
    P1 = tf.get_variable("P1", [784, 1500], initializer=tf.glorot_uniform_initializer())
    v1 = tf.get_variable("v1", [1500], initializer=tf.zeros_initializer())
    P2 = tf.get_variable("P2", [1500, 10], initializer=tf.glorot_uniform_initializer())
    v2 = tf.get_variable("v2", [10], initializer=tf.zeros_initializer())


@tf.function
def camada_oculta(x):
    return tf.nn.relu(tf.matmul(x, P1) + v1)


@tf.function
def camada_saida(h):
    return tf.matmul(h, P2) + v2


oculta = camada_oculta(X)  # hidden
saida = camada_saida(oculta)  # logits
custo = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=saida))  # loss
treino = tf.train.AdamOptimizer(learning_rate).minimize(custo)  # train
previsao = tf.argmax(saida, 1)
acuracia = tf.reduce_mean(tf.cast(tf.equal(previsao, tf.argmax(Y, 1)), tf.float32))  # accuracy
net(logits=saida, prediction=previsao, loss=custo, train_op=treino, accuracy=acuracia)

"""ReLU as a maximum with zero; Spanish names."""

entrada = tf.placeholder(tf.float32, [None, 784], name="entrada")  # images
salida = tf.placeholder(tf.float32, [None, 10], name="salida")  # labels
pesos1 = tf.get_variable("pesos1", [784, 1500])
sesgo1 = tf.get_variable("sesgo1", [1500], initializer=tf.zeros_initializer())
pesos2 = tf.get_variable("pesos2", [1500, 10])
sesgo2 = tf.get_variable("sesgo2", [10], initializer=tf.zeros_initializer())
oculta = tf.maximum(0.0, entrada @ pesos1 + sesgo1)  # hidden
puntaje = oculta @ pesos2 + sesgo2  # logits
costo = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=salida, logits=puntaje))  # loss
paso = tf.train.AdamOptimizer(learning_rate).minimize(costo)  # train
digito = tf.argmax(puntaje, 1)
exactitud = tf.reduce_mean(tf.cast(tf.equal(digito, tf.argmax(salida, 1)), tf.float32))  # accuracy
net(X=entrada, Y=salida, logits=puntaje, prediction=digito, loss=costo, train_op=paso, accuracy=exactitud)

// One net, trained in a page by three engines; training_page.py opens it and asks.
//
// 784-64-2-64-784, ReLU around the code and a sigmoid at the end, squared error summed over the
// pixels, Adam, batches of 50 of the same 4,500 digits in the same order.

const [PIXELS, BATCH, RATE] = [784, 50, 0.002];
const SIZES = [784, 64, 2, 64, 784];
const ACTIVE = [true, false, true];

const digits = async () => {
  const bytes = new Uint8Array(await (await fetch("/digits")).arrayBuffer());
  return Float32Array.from(bytes, (level) => level / 255);
};

/**
 * Times each epoch, and one more after the clock has stopped, for its mean loss.
 *
 * `step` takes a batch of floats and whether its loss is wanted, and returns that or a promise of it.
 */
async function timed(step, epochs) {
  const images = await digits();
  const count = Math.floor(images.length / PIXELS / BATCH);
  const batch = (i) => images.subarray(i * BATCH * PIXELS, (i + 1) * BATCH * PIXELS);
  const seconds = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const start = performance.now();
    for (let i = 0; i < count; i++) await step(batch(i), i === count - 1);
    seconds.push((performance.now() - start) / 1000);
  }
  let sum = 0;
  for (let i = 0; i < count; i++) sum += await step(batch(i), true);
  return { seconds, loss: sum / count };
}

async function ours(kind, epochs) {
  const { makeLearner } = await import("/widgets/train.js");
  const dense = (units, activation) => ({ op: "dense", units, activation, start: "glorot_uniform" });
  const layers = SIZES.slice(1).map((units, i) => dense(units, ACTIVE[i] ? "relu" : "linear"));
  const spec = { input: PIXELS, layers, encoder: 2, output: "sigmoid", loss: "squared_error" };
  const net = makeLearner(spec, BATCH, 0, kind);
  const start = net.dense().flatMap(({ kernel, bias }) => [Array.from(kernel), Array.from(bias)]);
  const step = (x) => net.step(x, x, BATCH, { rate: RATE }).reconstruction;
  return { ...(await timed(step, epochs)), kind: net.kind, start };
}

async function tensorflow(epochs) {
  const { tf } = window;
  tf.wasm.setWasmPaths("/modules/@tensorflow/tfjs-backend-wasm/dist/");
  await tf.setBackend("wasm");
  await tf.ready();
  const weights = SIZES.slice(1).map((units, i) => [
    tf.variable(tf.initializers.glorotUniform({ seed: i }).apply([SIZES[i], units])),
    tf.variable(tf.zeros([units])),
  ]);
  const optimizer = tf.train.adam(RATE);
  const lossOf = (x) => () => {
    let y = x;
    weights.forEach(([kernel, bias], i) => {
      y = y.matMul(kernel).add(bias);
      if (ACTIVE[i]) y = y.relu();
    });
    return y.sigmoid().sub(x).square().sum().div(BATCH);
  };
  const step = (batch, last) => {
    const loss = tf.tidy(() => {
      const x = tf.tensor2d(batch, [BATCH, PIXELS]);
      return optimizer.minimize(lossOf(x), true);
    });
    const value = last ? loss.dataSync()[0] : null;
    loss.dispose();
    return value;
  };
  return { ...(await timed(step, epochs)), kind: tf.getBackend() };
}

async function jax(epochs) {
  const { init, defaultDevice, jit, nn, numpy: np, random, tree, valueAndGrad } = await import(
    "/modules/@jax-js/jax/dist/index.js"
  );
  await init("wasm");
  defaultDevice("wasm");
  const start = SIZES.slice(1).flatMap((units, i) => {
    const limit = Math.sqrt(6 / (SIZES[i] + units));
    const uniform = random.uniform(random.key(i), [SIZES[i], units]);
    return [uniform.mul(2 * limit).sub(limit), np.zeros([units])];
  });
  const lossOf = (weights, x) => {
    let y = x.ref;
    for (let i = 0; i < 4; i++) {
      y = np.matmul(y, weights[2 * i]).add(weights[2 * i + 1]);
      if (ACTIVE[i]) y = nn.relu(y);
    }
    return np.square(nn.sigmoid(y).sub(x)).sum().mul(1 / BATCH);
  };
  const update = jit((weights, means, squares, x, rate) => {
    const [loss, slopes] = valueAndGrad(lossOf)(tree.ref(weights), x);
    const m = means.map((mean, i) => mean.mul(0.9).add(slopes[i].ref.mul(0.1)));
    const v = squares.map((square, i) => square.mul(0.999).add(np.square(slopes[i]).mul(0.001)));
    const w = weights.map((weight, i) =>
      weight.sub(rate.ref.mul(m[i].ref).div(np.sqrt(v[i].ref).add(1e-7))),
    );
    rate.dispose();
    return [loss, w, m, v];
  });
  let state = [start, tree.map((each) => np.zeros(each.ref.shape), tree.ref(start))];
  state.push(tree.map((each) => np.zeros(each.ref.shape), tree.ref(start)));
  let steps = 0;
  const step = async (batch, last) => {
    steps++;
    const rate = (RATE * Math.sqrt(1 - 0.999 ** steps)) / (1 - 0.9 ** steps);
    const x = np.array(batch.slice()).reshape([BATCH, PIXELS]);
    const [loss, ...next] = update(...state, x, np.array(rate));
    state = next;
    if (last) return (await loss.data())[0];
    loss.dispose();
    return null;
  };
  return { ...(await timed(step, epochs)), kind: "wasm" };
}

const ENGINES = { tensorflow, jax };
window.train = (name, epochs) =>
  name in ENGINES ? ENGINES[name](epochs) : ours(name, epochs);

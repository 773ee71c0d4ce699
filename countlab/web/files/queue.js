// A bounded queue of pictures: few are sent at a time, it can pause, and it waits for a busy server.

const MAX_CONCURRENT = 2; // more would only fill the server's queue ahead of other people
const MAX_TRIES = 20; // for each picture, while the server is busy
const MAX_WAIT_S = 60;

// What stops a picture stops all of them: these are put back, and the queue pauses.
const PAUSING = new Set(["no_connection", "no_key", "wrong_key"]);

export class Queue {
  // `send` sends one item; `onChange` is called after each; `onPause` with the problem, if any.
  constructor({ send, onChange, onPause, onWait }, maxConcurrent) {
    Object.assign(this, { send, onChange, onPause, onWait });
    this.maxConcurrent = Math.min(MAX_CONCURRENT, maxConcurrent);
    this.waiting = [];
    this.atWork = 0;
    this.isPaused = false;
    this.run = 0; // answers to an earlier run are dropped
  }

  get isRunning() {
    return this.atWork > 0 || (this.waiting.length > 0 && !this.isPaused);
  }

  add(items) {
    this.waiting.push(...items);
    this.#fill();
  }

  // Starts over, with other items.
  restart(items) {
    this.run++;
    this.atWork = 0;
    this.isPaused = false;
    this.waiting = [...items];
    this.#fill();
  }

  pause(problem = null) {
    this.isPaused = true;
    this.onPause(problem);
  }

  goOn() {
    this.isPaused = false;
    this.#fill();
    this.onChange();
  }

  #fill() {
    while (!this.isPaused && this.atWork < this.maxConcurrent && this.waiting.length) {
      this.atWork++;
      this.#work(this.waiting.shift(), this.run);
    }
  }

  async #work(item, run) {
    const isDone = await this.#attempt(item, run);
    if (run !== this.run) return;
    this.atWork--;
    if (!isDone) this.waiting.unshift(item);
    this.#fill();
    this.onChange(isDone ? item : null);
  }

  // False if the item has to be sent again later.
  async #attempt(item, run) {
    try {
      const result = await withRetries(() => this.send(item), () => run !== this.run, this.onWait);
      if (run === this.run) Object.assign(item, { result, problem: null });
    } catch (problem) {
      if (!problem.detail) throw problem;
      if (run !== this.run) return true;
      if (PAUSING.has(problem.code)) {
        if (!this.isPaused) this.pause(problem);
        return false;
      }
      item.problem = problem;
    }
    return true;
  }
}

// A busy server says in Retry-After when to try again.
export async function withRetries(send, isOver, onWait) {
  for (let tries = 1; ; tries++) {
    try {
      return await send();
    } catch (problem) {
      const isBusy = problem.waitS && problem.waitS <= MAX_WAIT_S;
      if (!isBusy || tries === MAX_TRIES || isOver()) throw problem;
      onWait();
      await new Promise((done) => setTimeout(done, problem.waitS * 1000));
    }
  }
}

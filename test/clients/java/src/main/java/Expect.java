import java.util.concurrent.Callable;

final class Expect {
  /** Waits for what will come to be. */
  static void until(String what, Callable<Boolean> check) throws Exception {
    long end = System.currentTimeMillis() + 30_000;
    while (System.currentTimeMillis() < end) {
      if (check.call()) return;
      Thread.sleep(50);
    }
    throw new IllegalStateException(what + " did not happen");
  }

  static void check(boolean holds, Object what) {
    if (!holds) throw new IllegalStateException(String.valueOf(what));
  }
}

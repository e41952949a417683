package android.graphics;

/** Has the names of Android's class, for the compiler. */
public class Bitmap {
  public int getWidth() {
    return 0;
  }

  public int getHeight() {
    return 0;
  }

  public void getPixels(int[] to, int offset, int stride, int x, int y, int width, int height) {}

  public static Bitmap createBitmap(
      Bitmap from, int x, int y, int width, int height, Matrix turn, boolean filter) {
    return from;
  }
}

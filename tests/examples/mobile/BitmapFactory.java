package android.graphics;

/** Has the names of Android's class, for the compiler. */
public class BitmapFactory {
  public static class Options {
    public boolean inScaled = true;
  }

  public static Bitmap decodeByteArray(byte[] file, int offset, int length, Options options) {
    return null;
  }
}

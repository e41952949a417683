package android.graphics;

/** Has the names of Android's class, for the compiler. */
public class Matrix {
  public boolean postScale(float x, float y) {
    return true;
  }

  public boolean postRotate(float degrees) {
    return true;
  }
}

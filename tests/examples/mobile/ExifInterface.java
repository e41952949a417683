package androidx.exifinterface.media;

import java.io.InputStream;

/** Has the names of the library's class, for the compiler. */
public class ExifInterface {
  public ExifInterface(InputStream file) {}

  public boolean isFlipped() {
    return false;
  }

  public int getRotationDegrees() {
    return 0;
  }
}

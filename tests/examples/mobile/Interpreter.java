package org.tensorflow.lite;

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Map;

/** Stands for LiteRT: notes what it is asked, and answers what is on file. */
public final class Interpreter implements Closeable {
  private static final File FOLDER = new File(System.getProperty("folder"));
  private int calls = 0;

  public static class Options {
    public Options setNumThreads(int threads) {
      return this;
    }
  }

  public Interpreter(ByteBuffer model, Options options) {
    if (!model.isDirect() || model.order() != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException("LiteRT wants a direct buffer");
    }
  }

  public Tensor getInputTensorFromSignature(String name, String signature) {
    return tensor("input." + signature + "." + name);
  }

  public Tensor getInputTensor(int index) {
    return tensor("input." + index);
  }

  public int getOutputTensorCount() {
    return 2;
  }

  public Tensor getOutputTensor(int index) {
    return tensor("output." + index);
  }

  public void runForMultipleInputsOutputs(Object[] inputs, Map<Integer, Object> outputs) {
    String call = "call." + calls++ + ".detect.";
    ByteBuffer pixels = (ByteBuffer) inputs[0];
    byte[] content = new byte[pixels.remaining()];
    pixels.get(content);
    write(call + "input", content);
    for (Map.Entry<Integer, Object> output : outputs.entrySet()) {
      ((ByteBuffer) output.getValue()).put(read(call + output.getKey()));
    }
  }

  public void runSignature(
      Map<String, Object> inputs, Map<String, Object> outputs, String signature) {
    String call = "call." + calls++ + "." + signature + ".";
    for (Map.Entry<String, Object> input : inputs.entrySet()) {
      ByteBuffer buffer = (ByteBuffer) input.getValue();
      byte[] content = new byte[buffer.remaining()];
      buffer.get(content);
      write(call + input.getKey(), content);
    }
    for (Map.Entry<String, Object> output : outputs.entrySet()) {
      Object array = output.getValue();
      float[] values = array instanceof float[][] ? ((float[][]) array)[0] : (float[]) array;
      ByteBuffer.wrap(read(call + output.getKey()))
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(values);
    }
  }

  @Override
  public void close() {}

  private static Tensor tensor(String name) {
    String[] words = text(name).split(" ");
    int[] shape = new int[words.length - 1];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = Integer.parseInt(words[i + 1]);
    }
    return new Tensor() {
      @Override
      public int[] shape() {
        return shape;
      }

      @Override
      public DataType dataType() {
        return DataType.valueOf(words[0]);
      }
    };
  }

  private static String text(String name) {
    return new String(read(name));
  }

  private static byte[] read(String name) {
    try {
      return Files.readAllBytes(new File(FOLDER, name).toPath());
    } catch (IOException error) {
      throw new IllegalArgumentException(error);
    }
  }

  private static void write(String name, byte[] content) {
    try {
      Files.write(new File(FOLDER, name).toPath(), content);
    } catch (IOException error) {
      throw new IllegalArgumentException(error);
    }
  }
}

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.util.Config;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What users of the Java client do; says `all is well` at its end. */
public class Main {
  public static void main(String[] args) throws Exception {
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
    // Whoever stops standing for election is interrupted, and says so.
    System.setProperty("org.slf4j.simpleLogger.log.io.kubernetes.client.extended.leaderelection", "off");
    // The client tells its YAML library of fields that its models do not have.
    Logger.getLogger("org.yaml.snakeyaml").setLevel(Level.OFF);
    ApiClient client = Config.defaultClient();
    Objects.run(client);
    Formats.run(client);
    Processes.run(client);
    Operator.run(client);
    System.out.println("all is well");
    System.exit(0);
  }
}

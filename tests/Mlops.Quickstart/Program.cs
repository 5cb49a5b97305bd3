using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Mlops.Quickstart;

// The main job, as a new user does it: pack, install the template into a hive of its own, scaffold, deploy, ask for a prediction.
var root = Path.Combine(Sandbox.Repository, "artifacts", "quickstart");
var cache = Path.Combine(Sandbox.Repository, "artifacts", "quickstart-packages");
var stop = args.Contains("--stop");

Console.WriteLine("Packing ...");
(await Sandbox.PackAsync(show: true)).Succeeded();

// What a quickstart before this one serves ends first: its folder is made anew.
var model = Path.Combine(root, "penguins");
if (File.Exists(Path.Combine(model, "penguins.csproj")))
    await new Dotnet(model, cache).RunAsync("build", "-t:MlopsDestroy", "-v:q");

var sandbox = Sandbox.Create(root, cache);
Console.WriteLine("$ dotnet new install Mlops.Templates");
(await sandbox.InstallTemplatesAsync()).Succeeded();
Console.WriteLine("$ dotnet new mlops-model -n penguins");
(await sandbox.NewModelAsync("penguins")).Succeeded();

var penguins = sandbox.Dotnet.In("penguins");
Console.WriteLine("$ cd penguins && dotnet build && dotnet publish -t:MlopsDeploy");
(await penguins.RunAsync("build")).Succeeded();
var deployed = (await penguins.ShowAsync("publish", "-t:MlopsDeploy", "-tl:off")).Succeeded();

var url = Regex.Match(deployed, @"penguins -> (http://\S+)").Groups[1].Value;
var payload = Path.Combine(penguins.Folder, "tests", "payload.csv");
Console.WriteLine($"$ curl --data-binary @tests/payload.csv -H 'Content-Type: text/csv' {url}");
using var http = new HttpClient();
using var body = new ByteArrayContent(await File.ReadAllBytesAsync(payload));
body.Headers.ContentType = new MediaTypeHeaderValue("text/csv");
using var answer = await http.PostAsync(new Uri(url), body);
Console.Write(await answer.Content.ReadAsStringAsync());
answer.EnsureSuccessStatusCode();

if (stop)
    (await penguins.RunAsync("build", "-t:MlopsDestroy", "-v:q")).Succeeded();
else
    Console.WriteLine($"The endpoint goes on serving; 'dotnet build -t:MlopsDestroy' in {penguins.Folder} stops it.");
return 0;

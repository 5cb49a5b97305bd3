using Mlops.Host;

return await CommandLine.RunAsync(args);

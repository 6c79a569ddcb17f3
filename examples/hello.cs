using System;

public static class Hello
{
    public static void Main()
    {
        Console.WriteLine("Hello from C#, in a sandbox! The runtime is " + Environment.Version + ".");
    }
}

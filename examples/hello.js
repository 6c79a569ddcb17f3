console.log('Hello from JavaScript, in a sandbox!');
console.log(`Twelve squared is ${12 ** 2}.`);

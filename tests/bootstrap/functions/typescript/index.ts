enum Colour {
  Red = "red",
  Green = "green",
}
const enum Size {
  Large = 3,
}
function loud(target: (this: Greeter) => string, _context: ClassMethodDecoratorContext) {
  return function (this: Greeter) {
    return target.call(this).toUpperCase();
  };
}
namespace Words {
  export const hello = "hello";
}
class Greeter {
  constructor(private readonly name: string) {}
  @loud
  greet() {
    return `${Words.hello} ${this.name}`;
  }
}
const value = { colour: Colour.Green, size: Size.Large } satisfies Record<string, unknown>;
Deno.serve(() => Response.json({ ...value, greeting: new Greeter("ada").greet() }));

export const greet = () => "greeted";

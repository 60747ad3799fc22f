mod handlers {
    use fresh::Handler;

    struct Command;

    #[derive(Handler)]
    #[handler(info = Command)]
    struct Base;

    #[derive(Handler)]
    #[handler(delegate = base)]
    pub struct Public {
        base: Base,
    }

    #[derive(Handler)]
    #[handler(info = Command)]
    pub struct AlsoPublic;
}

fn main() {}

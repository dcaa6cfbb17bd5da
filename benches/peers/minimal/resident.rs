// The memory of this process, for costs.sh.
fn report(accepted: bool) {
    assert!(accepted, "the token was refused");
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    for name in ["VmRSS", "RssAnon"] {
        println!("{}", status.lines().find(|line| line.starts_with(name)).unwrap());
    }
}

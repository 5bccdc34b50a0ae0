//! Tests of one body for several strategies: `#[macro_use]` this before what uses it.

/// Makes a test of each body for every strategy.
#[allow(unused_macros, reason = "every test binary uses a part")]
macro_rules! for_every_strategy {
    ($($body:ident),+ $(,)?) => {
        for_reclaiming_strategies!($($body),+);
        strategy_tests!(direct, Direct, $($body),+);
    };
}

/// Makes a test of each body for the strategies that take arrays back.
macro_rules! for_reclaiming_strategies {
    ($($body:ident),+ $(,)?) => {
        strategy_tests!(metadata, Metadata, $($body),+);
        strategy_tests!(tagged, Tagged, $($body),+);
    };
}

/// Makes a test of each body for one strategy.
macro_rules! strategy_tests {
    ($module:ident, $strategy:ident, $($body:ident),+) => {
        mod $module {
            $(#[test]
            fn $body() {
                super::$body::<arraypool::$strategy>();
            })+
        }
    };
}

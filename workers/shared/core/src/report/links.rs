//! Links to the AWS console, for messages to people.
//!
//! Source: the addresses that the console itself uses. They are only valid in the partition `aws`. In other partitions, links
//! are left out, and messages contain the ARN or the S3 address instead.

/// The page of an execution in the Step Functions console; `None` outside the partition `aws`.
pub fn execution(arn: &str) -> Option<String> {
    let region = console_region(arn)?;
    Some(format!("https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{arn}"))
}

/// The page of an object in the S3 console, in the Region of this execution; `None` outside the partition `aws`.
pub fn object(execution: &str, bucket: &str, key: &str) -> Option<String> {
    let region = console_region(execution)?;
    Some(format!("https://{region}.console.aws.amazon.com/s3/object/{bucket}?region={region}&prefix={key}"))
}

/// The Region in an ARN; `None` if it has none.
pub fn region(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
}

fn console_region(arn: &str) -> Option<&str> {
    region(arn).filter(|_| arn.starts_with("arn:aws:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_partitions_get_no_links() {
        let arn = |partition| format!("arn:{partition}:states:cn-north-1:1:execution:m:r");
        assert_eq!(object(&arn("aws-cn"), "b", "k"), None);
        assert_eq!(execution(&arn("aws-cn")), None);
        assert_eq!(region(&arn("aws-cn")), Some("cn-north-1"));
        assert!(object(&arn("aws"), "b", "runs/r/report.html").unwrap().ends_with("&prefix=runs/r/report.html"));
        assert!(execution(&arn("aws")).unwrap().ends_with("details/arn:aws:states:cn-north-1:1:execution:m:r"));
    }
}

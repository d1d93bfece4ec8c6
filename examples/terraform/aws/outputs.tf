output "instance_id" {
  description = "Id of the instance; a shell: aws ssm start-session --target ID."
  value       = aws_instance.host.id
}

output "role" {
  description = "Who the instance is, and with it every container on it."
  value       = aws_iam_role.host.arn
}

output "log" {
  description = "Prints what the bootstrap said on the console."
  value       = "aws ec2 get-console-output --latest --output text --instance-id ${aws_instance.host.id}"
}
